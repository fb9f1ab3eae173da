/** Tells everybody who looks at it that somebody does. Records an action; changes no verdict. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { postJson } from "../api/client.ts";
import type { ActionDto, IncidentDetail, NewAction } from "../api/dto.ts";
import { login } from "../api/session.ts";

const NOTE_MAX = 500;

export function Acknowledge({
  incident,
}: {
  readonly incident: IncidentDetail;
}): JSX.Element | null {
  const note = useSignal("");
  const state = useSignal<"ready" | "sending" | "sent" | { readonly failed: string }>("ready");
  const session = login.value.kind === "in" ? login.value.session : null;
  if (!incident.open || session === null || session.scope === "viewer") return null;
  const send = async (): Promise<void> => {
    state.value = "sending";
    const action: NewAction = {
      kind: "acknowledge",
      state: "succeeded",
      message: note.value.trim(),
    };
    try {
      await postJson<ActionDto>(`/incidents/${encodeURIComponent(incident.id)}/actions`, action);
      note.value = "";
      state.value = "sent";
    } catch (error) {
      state.value = { failed: error instanceof Error ? error.message : "unknown error" };
    }
  };
  return (
    <form
      class="acknowledge"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label for="acknowledge-note">Note (optional)</label>
      <input
        id="acknowledge-note"
        maxLength={NOTE_MAX}
        value={note.value}
        onInput={(event) => {
          note.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={state.value === "sending"}>
        Acknowledge
      </button>
      <p role="status">
        {state.value === "sent" && `Recorded as ${session.name}.`}
        {typeof state.value === "object" && `Not recorded: ${state.value.failed}.`}
      </p>
    </form>
  );
}
