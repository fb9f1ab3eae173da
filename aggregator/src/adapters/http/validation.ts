/** Checks parameters, query and body against their schemas and says where they are wrong. */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormatsModule from "ajv-formats";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import { escapePointer } from "./json-body.ts";
import { ApiError, type FieldError } from "./problem.ts";

/** A person mends a few at a time; more would only make the answer large. */
const ERRORS_SHOWN_MAX = 20;

// The package is CommonJS whose default export is typed as the module's namespace.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv;

/** Bodies are taken as they are; texts of the query and the path become numbers where a schema says so. */
export function createValidatorCompiler(): FastifySchemaCompiler<object> {
  const strict = new Ajv({ allErrors: true, coerceTypes: false, useDefaults: true, strict: false });
  const coercing = new Ajv({
    allErrors: true,
    coerceTypes: true,
    useDefaults: true,
    strict: false,
  });
  addFormats(strict);
  addFormats(coercing);
  return ({ schema, httpPart }) => {
    const ajv = httpPart === "body" ? strict : coercing;
    const validate: ValidateFunction = ajv.compile(schema);
    return (value: unknown) => {
      if (validate(value) === true) return { value };
      return { error: toApiError(validate.errors ?? [], httpPart ?? "body") };
    };
  };
}

function toApiError(errors: readonly ErrorObject[], part: string): ApiError {
  const fields = errors.slice(0, ERRORS_SHOWN_MAX).map((error) => toFieldError(error, part));
  const where = part === "body" ? "body" : part === "querystring" ? "query" : "path";
  const message = `the ${where} is not valid: ${fields[0]?.detail ?? "unknown reason"}`;
  return new ApiError(400, "HB_API_BAD_REQUEST", message, { errors: fields });
}

function toFieldError(error: ErrorObject, part: string): FieldError {
  const extra = (error.params as { additionalProperty?: unknown }).additionalProperty;
  const missing = (error.params as { missingProperty?: unknown }).missingProperty;
  const key = typeof extra === "string" ? extra : typeof missing === "string" ? missing : null;
  const pointer = error.instancePath + (key === null ? "" : `/${escapePointer(key)}`);
  return { pointer: part === "body" ? pointer : `?${pointer.slice(1)}`, detail: detailOf(error) };
}

function detailOf(error: ErrorObject): string {
  if (error.keyword === "additionalProperties") return "unknown name";
  if (error.keyword === "required") return "is required";
  if (error.keyword === "enum") {
    const allowed = (error.params as { allowedValues?: readonly unknown[] }).allowedValues ?? [];
    return `must be one of ${allowed.map(String).join(", ")}`;
  }
  return error.message ?? error.keyword;
}

/** Fastify's own type of a failed validation, for the error handler. */
export type ValidationError = FastifySchemaValidationError;
