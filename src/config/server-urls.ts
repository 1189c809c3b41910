/** Whether it names a Redis server, as its clients take it. */
export function isRedisUrl(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^(?:redis|rediss|redis\+unix|redis\+tls|valkey|valkeys):\/\/./.test(text) &&
    URL.canParse(text)
  );
}

/** Whether it names a Postgres server, as its clients take it. */
export const isPostgresUrl = (text: string): boolean => /^postgres(?:ql)?:\/\/./.test(text) && URL.canParse(text);
