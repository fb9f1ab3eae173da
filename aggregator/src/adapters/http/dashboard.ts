/**
 * The dashboard's files at `/`. They are public: they hold no data. Paths that name no file and no
 * part of the API get the page itself, so that links into the dashboard work after a reload.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { notFound } from "./problem.ts";

/** Beside `src` and `dist` alike. */
const BUILT_IN_DIRECTORY = fileURLToPath(new URL("../../../web/dist", import.meta.url));

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

/** The page that is served when the dashboard was not built. */
const NOT_BUILT_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Herdbeat</title></head>
<body><h1>Herdbeat</h1>
<p>This aggregator runs, but its dashboard was not built. Run <code>npm run build</code> and reload.</p>
<p>The API is at <a href="/openapi.json">/openapi.json</a>; on the command line use <code>herdctl</code>.</p>
</body></html>
`;

export function setSecurityHeaders(reply: FastifyReply): void {
  reply.headers({
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  });
}

export async function registerDashboard(
  app: FastifyInstance,
  directory: string = BUILT_IN_DIRECTORY,
): Promise<void> {
  // Looked for once; `npm run build` is followed by a restart.
  const built = existsSync(`${directory}/index.html`);
  if (built) {
    await app.register(fastifyStatic, { root: directory, serve: false, preCompressed: true });
  }
  const open = { schema: { hide: true }, config: { scope: "public" as const } };
  app.get("/*", open, async (request, reply) => serveFile(request, reply, built));
}

async function serveFile(
  request: FastifyRequest,
  reply: FastifyReply,
  built: boolean,
): Promise<FastifyReply> {
  const path = (request.params as { readonly "*": string })["*"];
  if (path === "api" || path.startsWith("api/")) throw notFound(`API path /${path.slice(0, 200)}`);
  if (!built) {
    if (path !== "") throw notFound(`file /${path.slice(0, 200)}`);
    return reply.type("text/html; charset=utf-8").send(NOT_BUILT_PAGE);
  }
  // The build puts a hash of the content into the names of these files.
  if (path.startsWith("assets/")) {
    return reply.sendFile(path, { maxAge: "365d", immutable: true, cacheControl: true });
  }
  // A node's id may have dots; only the dashboard's own files live beside its pages.
  const isPage = /^(?:nodes|incidents|system)(?:\/|$)/.test(path) || !path.includes(".");
  if (path === "" || isPage) {
    reply.header("cache-control", "no-cache");
    return reply.sendFile("index.html", { cacheControl: false });
  }
  return reply.sendFile(path, { maxAge: "1h" });
}
