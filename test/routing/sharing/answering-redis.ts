import { RedisClient } from "bun";
import { type RedisServer, startRedis } from "../../response-store/stores.ts";

/** A server that answers: its socket is there a moment before. */
export async function startServer(): Promise<RedisServer> {
  const server = await startRedis();
  const isUp = async (): Promise<boolean> => {
    const client = new RedisClient(server.url, { autoReconnect: false });
    const answer = await client.ping().catch(() => undefined);
    client.close();
    return answer === "PONG";
  };
  while (!(await isUp())) await Bun.sleep(5);
  return server;
}
