/**
 * Whether the process behind a closed link is dead: its kernel refuses a new connection.
 *
 * A dying process may close the link before its listening socket, so the question is asked a few
 * times; an accepted connection is asked again, anything but a refusal proves nothing.
 */
import { connect } from "node:net";

/** When to ask, counted from the link's end; the last one bounds how late a death is reported. */
const ASK_AT_MS = [0, 15, 50, 120] as const;
const ANSWER_DEADLINE_MS = 50;

export async function isRefused(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, "");
  let before = 0;
  for (const at of ASK_AT_MS) {
    if (at > before) await new Promise((resolve) => setTimeout(resolve, at - before));
    before = at;
    if (await ask(host, Number(port))) return true;
  }
  return false;
}

function ask(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (refused: boolean): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(refused);
    };
    const deadline = setTimeout(() => end(false), ANSWER_DEADLINE_MS);
    socket.once("connect", () => end(false));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}
