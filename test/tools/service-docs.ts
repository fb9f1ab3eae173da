// Writes docs/services.md from the profiles that the agent ships.
// Usage: node --import tsx --conditions=source test/tools/service-docs.ts
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ProfileCheck, ServiceProfile } from "@herdbeat/agent/core/service-profile";

const ROOT = new URL("../..", import.meta.url);
const PAGE = new URL("docs/services.md", ROOT);

interface ShippedProfile extends ServiceProfile {
  readonly verified: "real" | "constructed" | "unverified";
  readonly against: string;
}

const HEAD = `# Services

*This page is made from \`agent/profiles/shipped.json\` by \`test/tools/service-docs.ts\`; do not edit it by hand.*

A profile says how to tell that one well-known service works: its unit, and what it answers or does.
Name those of a host in \`profiles\` of \`agent.yaml\`. None is on by itself.

| what is seen | status | class |
|---|---|---|
| the unit runs, and the answer is the service's own | ok | |
| the unit does not run, the connection is refused, or the service says that it does not serve | problem | \`service-down\` |
| no answer within three seconds, or no connection, or a file that is no longer written; twice in a row, five seconds apart | problem | \`service-hung\` |
| an answer that is not this service's; the two stacks share ports | problem | \`service-impostor\` |
| an answer that says neither, an empty one, a file that is not there | unknown | |

Without systemd, or where no unit of the profile exists, the answer alone decides. Checks go to this
host's own loopback or sockets, by literal address; nothing is asked with a password. Services are
never restarted by the agent.

*verified*: **real** = ok, hung (stopped by a signal) and down against the server named. **constructed** =
each answer, hung and impostor against bytes made from the description named. **unverified** = never
seen with the service itself.

## Your own

One file each in \`/etc/herdbeat/profiles.d\` (\`profilesFolder\`), with the keys of a shipped profile; one with the
id of a shipped profile replaces it, for another port for instance. A file with an error ends the start.

\`\`\`yaml
id: redis
about: Redis on another port
units: [redis-server.service]
check:
  kind: exchange          # or: connected (ports), fresh-file (path, maxAgeSeconds)
  over: tcp               # tcp, udp, unix
  target: 127.0.0.1:6380
  send: "PING\\r\\n"
  rules:                  # the first that matches; what none knows is an impostor
    - {match: "^\\\\+PONG\\r\\n", state: ok}
    - {match: "^-LOADING ", state: down, reason: Loading}
\`\`\`

## Shipped

| id | watches | units, the first found | check | verified |
|---|---|---|---|---|
`;

export function servicesPage(): string {
  const text = readFileSync(new URL("agent/profiles/shipped.json", ROOT), "utf8");
  const profiles = JSON.parse(text) as readonly ShippedProfile[];
  const rows = [...profiles].sort((a, b) => (a.id < b.id ? -1 : 1)).map(row);
  return `${HEAD}${rows.join("\n")}\n`;
}

function row({ id, about, units, check, verified, against }: ShippedProfile): string {
  const names = units.map((unit) => `\`${unit.replace(/\.service$/, "")}\``).join(", ");
  const how = against === "" ? verified : `${verified}: ${against}`;
  return `| \`${id}\` | ${about} | ${names} | ${checkText(check)} | ${how} |`;
}

function checkText(check: ProfileCheck | null): string {
  if (check === null) return "the unit only";
  switch (check.kind) {
    case "connected":
      return `holds a connection to port ${check.ports.join(" or ")}`;
    case "fresh-file":
      return `\`${check.path}\` is written every ${check.maxAgeSeconds} s`;
    default: {
      const path = /^GET (\S+) /.exec(check.send)?.[1];
      return `\`${check.target}\`${check.over === "udp" ? " (UDP)" : ""}${path === undefined ? "" : ` GET \`${path}\``}`;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, servicesPage());
