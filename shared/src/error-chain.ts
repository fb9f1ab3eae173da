const CHAIN_DEPTH_MAX = 8;

/** One line: the error and its causes, each once, outermost first. For the logger. */
export function renderErrorChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < CHAIN_DEPTH_MAX && current !== undefined; depth++) {
    if (current instanceof Error) {
      const code = (current as { code?: unknown }).code;
      const prefix = typeof code === "string" ? `${code}: ` : "";
      parts.push(prefix + (current.message === "" ? current.name : current.message));
      current = current.cause;
    } else {
      parts.push(String(current));
      break;
    }
  }
  return parts.join(" <- ");
}
