import type { NodePage } from "@herdbeat/aggregator/adapters/http/dto";
import { Ajv } from "ajv";
import * as assert from "uvu/assert";
import { type HttpFixture, incidentOf, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("OpenAPI");

/** What the OpenAPI 3.1 specification requires of the parts that are used here. */
const DOCUMENT_SCHEMA = {
  type: "object",
  required: ["openapi", "info", "paths", "components"],
  properties: {
    openapi: { type: "string", pattern: "^3\\.1\\.\\d+$" },
    info: {
      type: "object",
      required: ["title", "version"],
      properties: { title: { type: "string" }, version: { type: "string" } },
    },
    paths: {
      type: "object",
      propertyNames: { pattern: "^/" },
      additionalProperties: {
        type: "object",
        propertyNames: { enum: ["get", "post", "patch", "put", "delete", "head"] },
        additionalProperties: { $ref: "#/$defs/operation" },
      },
    },
  },
  $defs: {
    operation: {
      type: "object",
      required: ["operationId", "summary", "tags", "responses", "security"],
      properties: {
        parameters: {
          type: "array",
          items: {
            type: "object",
            required: ["name", "in", "schema"],
            properties: {
              in: { enum: ["query", "path", "header"] },
              required: { type: "boolean" },
            },
            if: { properties: { in: { const: "path" } } },
            // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
            then: { required: ["required"], properties: { required: { const: true } } },
          },
        },
        requestBody: { type: "object", required: ["content"] },
        responses: {
          type: "object",
          minProperties: 2,
          propertyNames: { pattern: "^([1-5][0-9]{2}|default)$" },
          additionalProperties: { type: "object", required: ["description"] },
        },
      },
    },
  },
};

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly required?: boolean;
    readonly in: string;
  }[];
  readonly responses: Readonly<Record<string, { readonly content?: unknown }>>;
}

interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let api: HttpFixture;
let document: OpenApiDocument;
test.before(async () => {
  api = await startHttpFixture();
  document = (await api.call<OpenApiDocument>("/openapi.json", { as: null }))
    .json as OpenApiDocument;
});
test.after(() => api.stop());

/** Drafts differ in nothing that the document uses. */
function createAjv(): Ajv {
  const formats = { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ };
  return new Ajv({ strict: false, allErrors: true, formats });
}

test("is an OpenAPI 3.1 document", () => {
  const ajv = createAjv();
  const validate = ajv.compile(DOCUMENT_SCHEMA);
  assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 3)));
});

test("names every operation once and marks no query parameter as required", () => {
  const operations = Object.values(document.paths).flatMap((each) => Object.values(each));
  const ids = operations.map((each) => each.operationId);
  assert.equal(ids.length, new Set(ids).size);
  for (const { parameters = [], operationId } of operations) {
    const required = parameters.filter((each) => each.in === "query" && each.required === true);
    assert.equal(required, [], operationId);
  }
});

test("refers only to components that exist", () => {
  const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
  assert.ok(references.length > 20);
  for (const reference of references) {
    const name =
      /#\/components\/schemas\/(?<name>\w+)"$/.exec(reference)?.groups?.["name"] ?? reference;
    assert.ok(name in document.components.schemas, reference);
  }
});

/** Every read of the API and where to find its description. */
const READS: readonly (readonly [url: string, path: string])[] = [
  ["/api/v1/nodes?limit=20", "/api/v1/nodes"],
  ["/api/v1/nodes?fields=state", "/api/v1/nodes"],
  ["/api/v1/nodes/hv-02", "/api/v1/nodes/{id}"],
  ["/api/v1/nodes/hv-08", "/api/v1/nodes/{id}"],
  ["/api/v1/incidents", "/api/v1/incidents"],
  ["/api/v1/incidents/{incident}", "/api/v1/incidents/{id}"],
  ["/api/v1/incidents/{incident}/explain", "/api/v1/incidents/{id}/explain"],
  ["/api/v1/incidents/{incident}/replay", "/api/v1/incidents/{id}/replay"],
  ["/api/v1/incidents/{incident}/actions", "/api/v1/incidents/{id}/actions"],
  ["/api/v1/incidents/{incident}/actions/fence-1", "/api/v1/incidents/{id}/actions/{actionId}"],
  ["/api/v1/deliveries", "/api/v1/deliveries"],
  ["/api/v1/shards", "/api/v1/shards"],
  ["/api/v1/disarm", "/api/v1/disarm"],
  ["/api/v1/holds", "/api/v1/holds"],
  ["/api/v1/store/restorable", "/api/v1/store/restorable"],
  ["/api/v1/aggregators", "/api/v1/aggregators"],
  ["/api/v1/quality?node=hv-03", "/api/v1/quality"],
  ["/api/v1/drills", "/api/v1/drills"],
  ["/api/v1/drills/4f1c2a90d3b85e67", "/api/v1/drills/{id}"],
  ["/api/v1/notices", "/api/v1/notices"],
  ["/api/v1/audit", "/api/v1/audit"],
  ["/api/v1/session", "/api/v1/session"],
  ["/readyz?verbose", "/readyz"],
  ["/version", "/version"],
];

for (const [url, path] of READS) {
  test(`describes what GET ${url} answers`, async () => {
    const incident = await incidentOf(api, "hv-08");
    const reply = await api.call(url.replace("{incident}", incident), { as: "operator" });
    assert.is(reply.status, 200, reply.text);
    const pointer = `#/paths/${path.replaceAll("/", "~1")}/get/responses/200/content/application~1json/schema`;
    checkAgainst(pointer, reply.json);
  });
}

test("describes problems", async () => {
  const reply = await api.call<NodePage>("/api/v1/nodes?limit=0");
  checkAgainst("#/components/schemas/Problem", reply.json);
});

function checkAgainst(pointer: string, value: unknown): void {
  const ajv = createAjv();
  ajv.addSchema({ ...document, $id: "https://api.test/" });
  const validate = ajv.compile({
    $ref: `https://api.test/${pointer.replaceAll("{", "%7B").replaceAll("}", "%7D")}`,
  });
  assert.ok(validate(value), JSON.stringify(validate.errors?.slice(0, 3)));
}

test("answers every read of the document, so that none is left untested", () => {
  const described = Object.entries(document.paths)
    .filter(([, operations]) => "get" in operations)
    .map(([path]) => path);
  const tested = new Set(READS.map(([, path]) => path));
  assert.equal(
    described.filter((path) => !tested.has(path)),
    ["/api/v1/stream"],
  );
});

test.run();
