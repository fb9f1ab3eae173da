/** The `code` of the error that `promise` rejects with; tests match codes, never messages. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return typeof code === "string" ? code : `an error without a code: ${String(error)}`;
  }
  return "it did not reject";
}
