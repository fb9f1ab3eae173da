/** Lets this node seem to die for a few seconds. Everybody who is told of failures is told of it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { postJson } from "../api/client.ts";
import type { DrillDto, NewDrill } from "../api/dto.ts";
import { login } from "../api/session.ts";

export function StartDrill({ id }: { readonly id: string }): JSX.Element | null {
  const isAsked = useSignal(false);
  const said = useSignal("");
  const session = login.value.kind === "in" ? login.value.session : null;
  if (session === null || session.scope === "viewer") return null;
  const start = async (): Promise<void> => {
    isAsked.value = false;
    said.value = "Beginning…";
    try {
      const body: NewDrill = { node: id };
      await postJson<DrillDto>("/drills", body);
      said.value = "Began. What it measures is on the page System.";
    } catch (error) {
      said.value = `Not begun: ${error instanceof Error ? error.message : "unknown error"}.`;
    }
  };
  return (
    <>
      <h2>Drill</h2>
      <p class="muted">
        The node seems to die for a few seconds and is declared as a drill. Nothing is done to it or
        its guests; receivers are told, recovery is not asked.
      </p>
      {isAsked.value ? (
        <p>
          <button type="button" onClick={() => void start()}>
            Yes, begin it now
          </button>{" "}
          <button
            type="button"
            class="quiet"
            onClick={() => {
              isAsked.value = false;
            }}
          >
            No
          </button>
        </p>
      ) : (
        <button
          type="button"
          onClick={() => {
            isAsked.value = true;
          }}
        >
          Begin a drill…
        </button>
      )}
      <p role="status">{said.value}</p>
    </>
  );
}
