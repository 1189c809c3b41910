import type { Failure } from "../core/errors.ts";
import { isoDate } from "../core/iso-date.ts";
import type { Log } from "./log.ts";

/** A provider that nobody configured may be a server on this machine that happens to run. */
export interface LocalServer {
  readonly id: string;
  readonly configured: boolean;
  readonly auth: string;
  readonly baseUrl: string;
}

/** Changes of the servers that the gateway needs, each once; every member writes one line. */
export interface ChangeLog {
  /** The keys of an issuer can be fetched again, or cannot: `problem` says why. */
  issuerChanged(issuer: string, problem: string | undefined): void;
  /** The discovery document of an issuer calls it by another name than its tokens must have. */
  issuerNamedOtherwise(issuer: string, otherName: string): void;
  /** An MCP server came or went. */
  toolServerChanged(server: { readonly name: string; readonly tools: number }, problem: Error | undefined): void;
  /** Tools of an MCP server are left out or cut: which and why. */
  toolsFaulty(server: string, faults: readonly string[]): void;
  /** Credentials of that kind can be had again, or cannot: `problem` says why. */
  credentialChanged(kind: string, problem: { readonly fault: string; readonly detail: string } | undefined): void;
  /** The store of responses stopped to answer, or answers again: `problem` says why it does not. */
  responseStoreChanged(problem: string | undefined): void;
  /** The database of the request history, or the disk before it, stopped to take rows, or takes them again. */
  historyChanged(problem: string | undefined): void;
  /** Rows of the request history begin to be lost; with a number: so many were. */
  historyLost(count: number | undefined): void;
  /** The Redis server through which gateways share cooldowns and limits stopped to answer, or answers again. */
  sharingChanged(problem: string | undefined): void;
  /** The newest list of prices cannot be had, or can again. */
  pricesChanged(problem: string | undefined): void;
  /** A provider's models cannot be listed, or for another reason than before. */
  modelListFailed(provider: { readonly id: string; readonly configured: boolean }, failure: Failure): void;
  /** They can be listed again. */
  modelListRecovered(provider: { readonly id: string; readonly configured: boolean }): void;
  /** The first list of a provider's models has come. */
  modelListRead(list: { readonly provider: LocalServer; readonly models: ReadonlyMap<string, unknown> }): void;
  /**
   * A deployment of a model is not asked for a while.
   * @param why a status, or the code of a failure
   * @param until milliseconds since the epoch
   */
  deploymentCooling(deployment: { readonly label: string }, why: string, until: number): void;
  /** It has answered well again. */
  deploymentRecovered(deployment: { readonly label: string }): void;
  /** A collector does not take what is sent to it, or for another reason than before; it takes it again without `problem`. */
  collectorChanged(signal: string, problem: string | undefined): void;
  /** Bare names of models do not wait for this provider's list any more. */
  modelListGivenUp(provider: { readonly id: string }): void;
}

/** @param worker number of this process among several that serve */
export function createChangeLog(log: Log, worker = 1): ChangeLog {
  return {
    issuerChanged(issuer, problem) {
      if (problem) log.warn({ issuer, problem }, "the issuer's keys cannot be fetched");
      else log.info({ issuer }, "the issuer's keys are known");
    },
    issuerNamedOtherwise(issuer, otherName) {
      log.warn(
        { issuer, discovery_document: otherName },
        "the issuer's discovery document has another name for it; its tokens must have the one of AUTH_OIDC_ISSUER",
      );
    },
    toolServerChanged({ name: server, tools }, problem) {
      if (problem) log.warn({ server, problem: problem.message }, "MCP server is not connected");
      else log.info({ server, tools }, "MCP server is connected");
    },
    toolsFaulty(server, faults) {
      log.warn({ server, tools: faults }, "tools of an MCP server are not as it lists them");
    },
    credentialChanged(kind, problem) {
      if (!problem) return log.info({ credentials: kind }, "credentials for providers can be had again");
      log.warn({ credentials: kind, problem: problem.detail }, "credentials for providers cannot be had");
    },
    responseStoreChanged(problem) {
      if (problem !== undefined)
        log.warn({ problem }, "the store of responses does not answer; responses are not kept");
      else log.info("the store of responses answers again");
    },
    historyChanged(problem) {
      if (problem !== undefined) log.warn({ problem }, "the request history cannot be written; its rows wait");
      else log.info("the request history is written again");
    },
    historyLost(count) {
      if (count === undefined) log.warn("there is no room for more rows of the request history; they are lost");
      else log.warn({ rows: count }, "rows of the request history were lost");
    },
    sharingChanged(problem) {
      if (problem !== undefined) {
        log.warn({ problem }, "Redis does not answer; cooldowns and limits are not shared between gateways");
      } else log.info("Redis answers again; cooldowns and limits are shared between gateways");
    },
    pricesChanged(problem) {
      if (problem !== undefined) log.warn({ problem }, "the list of prices cannot be updated; the last one is used");
      else log.info("the list of prices can be updated again");
    },
    modelListFailed({ id, configured }, failure) {
      const line = { provider: id, failure: failure.code, cause: failure.details.cause };
      // A local server that nobody configured is asked in case it runs; that it does not is not worth a line.
      if (configured) log.warn(line, "could not list the provider's models");
      else log.debug(line, "local provider does not answer");
    },
    modelListRecovered({ id, configured }) {
      log[configured ? "info" : "debug"]({ provider: id }, "the provider's models can be listed again");
    },
    modelListRead({ provider: { id, configured, auth, baseUrl }, models }) {
      // Of several workers one says so.
      if (configured || auth !== "none" || worker !== 1) return;
      log.info(
        { provider: id, url: baseUrl, models: models.size },
        `a local server answers: its models are ${id}/<name>`,
      );
    },
    deploymentCooling({ label }, why, until) {
      log.warn({ deployment: label, why, until: isoDate(until) }, "the deployment cools; it is not asked until then");
    },
    deploymentRecovered({ label }) {
      log.info({ deployment: label }, "the deployment answers again");
    },
    collectorChanged(signal, problem) {
      if (problem === undefined) log.info({ signal }, "the collector takes what is sent to it again");
      else log.warn({ signal, problem }, "the collector does not take what is sent to it, which is dropped");
    },
    modelListGivenUp({ id }) {
      log.warn(
        { provider: id },
        "the provider's models are still unknown; bare names of models are looked up without it",
      );
    },
  };
}
