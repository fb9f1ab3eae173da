/** Keys and the legend of states, on `?`. */
import { type Signal, signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { StateMark } from "../parts/state-mark.tsx";
import { SHOWN_STATES, STATE_WORDS } from "../words/node-states.ts";

export const helpIsOpen: Signal<boolean> = signal(false);

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["g", "f"], "Fleet"],
  [["g", "i"], "Incidents"],
  [["g", "s"], "System"],
  [["/"], "Search on this page"],
  [["n"], "Only nodes that are not OK, on and off"],
  [["t"], "Theme: system, light, dark"],
  [["u"], "UTC or local time"],
  [["w"], "Wall view, on and off"],
  [["↑", "↓", "←", "→"], "Walk through the map or the table"],
  [["Enter"], "Open the chosen node"],
  [["?"], "This help"],
];

export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => {
    if (helpIsOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  });
  const close = (): void => {
    helpIsOpen.value = false;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself.
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-heading"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="help-inner">
        <div class="section-head">
          <h2 id="help-heading">Keys and marks</h2>
          <button type="button" class="quiet" onClick={close}>
            Close
          </button>
        </div>
        <div class="help-columns">
          <dl class="keys">
            {KEYS.map(([keys, what]) => (
              <div key={what}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <dl class="legend">
            {SHOWN_STATES.map((state) => (
              <div key={state}>
                <dt>
                  <StateMark state={state} /> {STATE_WORDS[state].label}
                </dt>
                <dd>{STATE_WORDS[state].meaning}</dd>
              </div>
            ))}
          </dl>
        </div>
      </div>
    </dialog>
  );
}
