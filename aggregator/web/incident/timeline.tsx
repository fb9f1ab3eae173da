/** Every transition, newest first; the evidence of each can be opened. */
import type { JSX } from "preact";
import type { TransitionDto } from "../api/dto.ts";
import { Instant } from "../parts/time.tsx";
import { capital } from "../words/capital.ts";
import { classWords, gradeWords } from "../words/class-words.ts";
import { EVIDENCE_WORDS, TRANSITION_WORDS, wordsFor } from "../words/incident-words.ts";

export function Timeline({
  transitions,
}: {
  readonly transitions: readonly TransitionDto[];
}): JSX.Element {
  return (
    <ol class="history" reversed>
      {[...transitions].reverse().map((transition) => (
        <li key={transition.number}>
          <Instant at={transition.at} />
          <span class="history-kind">{wordsFor(TRANSITION_WORDS, transition.kind)}</span>
          <div>
            <strong>{classWords(transition.class)}</strong>, {gradeWords(transition.grade).name}.{" "}
            {capital(transition.message)}
            {transition.evidence.length > 0 && (
              <details>
                <summary>
                  Evidence of transition {transition.number}, rule {transition.rule.name}
                </summary>
                <ul>
                  {transition.evidence.map((item, index) => (
                    <li key={`${item.kind} ${index}`}>
                      {wordsFor(EVIDENCE_WORDS, item.kind)} by {item.source}: {item.outcome}.{" "}
                      {item.detail}
                    </li>
                  ))}
                </ul>
                <p class="muted">{transition.rule.because}</p>
              </details>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}
