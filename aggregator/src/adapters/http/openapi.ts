/** `/openapi.json`: OpenAPI 3.1, made from the same schemas that check the requests. */
import fastifySwagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { SESSION_COOKIE } from "./sessions.ts";

/** To be registered before the routes that it describes. */
export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Herdbeat",
        version,
        description: "Health of compute nodes, failures with evidence, hand-off to recovery.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "A token that starts with hb_." },
          session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
        },
      },
    },
    refResolver: {
      // Components keep the names of their schemas.
      buildLocalReference: (schema, _baseUri, _fragment, index) =>
        typeof schema["$id"] === "string" ? schema["$id"] : `Schema${index}`,
    },
  });
  const options = { schema: { hide: true }, config: { scope: "public" as const } };
  // Made once: the routes do not change while the process runs.
  let text: string | null = null;
  app.get("/openapi.json", options, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type("application/json; charset=utf-8").send(text);
  });
}
