/**
 * What loads something with the first call, and once, unless it fails: then the next call tries again, because what was in the
 * way may pass, such as clients that have left no descriptor to open a file with.
 */
export function loadOnce<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined;
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}
