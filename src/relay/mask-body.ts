import type { AnswerBody } from "../transport/transport.ts";
import type { SecretMasker } from "../upstream/secret-masker.ts";

/** A body as it comes, but for what `masker` masks; it holds back no more than may be the beginning of that. */
export function maskBody(body: AnswerBody, masker: SecretMasker): AnswerBody {
  return {
    whole: undefined,
    flow(sink) {
      body.flow({
        write(bytes) {
          for (const piece of masker.push(bytes)) sink.write(piece);
        },
        flush: () => sink.flush(),
        end() {
          for (const piece of masker.end()) sink.write(piece);
          sink.flush();
          sink.end();
        },
        fail: (error) => sink.fail(error),
      });
    },
    pause: () => body.pause(),
    resume: () => body.resume(),
    cancel: () => body.cancel(),
  };
}
