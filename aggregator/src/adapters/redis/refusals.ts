/** Replies of a server that is there but can not serve. */
const REFUSALS: readonly string[] = [
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "NOAUTH",
  "NOPERM",
  "NOREPLICAS",
  "OOM",
  "READONLY",
  "TRYAGAIN",
  "WRONGPASS",
];

/** Servers before 7.0 put the reply of a script's command behind words of their own. */
export function isRefusal(message: string): boolean {
  return REFUSALS.some((word) => message.startsWith(`${word} `) || message.includes(`: -${word} `));
}
