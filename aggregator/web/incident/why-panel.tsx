/** "Are you sure?": the grade in plain words, every observation, the rule, and what would change it. */
import type { JSX } from "preact";
import type { EvidenceDto, IncidentDetail, RuleDto } from "../api/dto.ts";
import { GradeMeter } from "../parts/grade-meter.tsx";
import { Instant, Since } from "../parts/time.tsx";
import { capital } from "../words/capital.ts";
import { gradeWords } from "../words/class-words.ts";
import { formatDuration } from "../words/duration.ts";
import {
  EVIDENCE_WORDS,
  HOLD_WORDS,
  REQUEST_WORDS,
  thresholdWords,
  wordsFor,
} from "../words/incident-words.ts";
import { clearedBy } from "./cleared-by.ts";
import { needsProof, saidBy } from "./doing.ts";

export function WhyPanel({ incident }: { readonly incident: IncidentDetail }): JSX.Element {
  return (
    <section class="why" aria-labelledby="why-heading">
      <h2 id="why-heading">Why we say so</h2>
      <dl class="answers">
        <dt>How sure</dt>
        <dd>
          {needsProof(incident) ? (
            <>
              <GradeMeter grade={incident.grade} />
              <p>{gradeWords(incident.grade).plain}</p>
            </>
          ) : (
            <p>
              {capital(saidBy(incident))}. Only verdicts about a host that no longer speaks for
              itself need a grade of proof.
            </p>
          )}
        </dd>
        <dt>What is asked</dt>
        <dd>
          <p>{capital(wordsFor(REQUEST_WORDS, incident.requestedAction))}.</p>
        </dd>
        {incident.hold !== null && (
          <>
            <dt>On hold</dt>
            <dd>
              <p>
                <strong>{capital(wordsFor(HOLD_WORDS, incident.hold.reason))}</strong>, for{" "}
                <Since at={incident.hold.since} />.
              </p>
              <p>Released by: {incident.hold.releasedBy}</p>
            </dd>
          </>
        )}
        <dt>{incident.open ? "Ends when" : "Ended"}</dt>
        <dd>
          <p>{capital(clearedBy(incident))}</p>
        </dd>
      </dl>
      <Evidence evidence={incident.evidence} />
      {incident.rule !== null && <Rule rule={incident.rule} />}
    </section>
  );
}

function Evidence({ evidence }: { readonly evidence: readonly EvidenceDto[] }): JSX.Element {
  if (evidence.length === 0) return <p class="muted">No observation was recorded.</p>;
  return (
    <table class="lines evidence">
      <caption>Evidence of the last verdict</caption>
      <thead>
        <tr>
          <th scope="col">Observation</th>
          <th scope="col">What was seen</th>
          <th scope="col">By</th>
          <th scope="col" class="col-since">
            Age then
          </th>
        </tr>
      </thead>
      <tbody>
        {evidence.map((item, index) => (
          <tr key={`${item.kind} ${item.source} ${index}`}>
            <td class="nowrap">{wordsFor(EVIDENCE_WORDS, item.kind)}</td>
            <td>
              <strong>{item.outcome.replaceAll("-", " ")}</strong>
              <span class="block">{item.detail}</span>
            </td>
            <td data-label="By">{item.source}</td>
            <td class="col-since" data-label="Age then">
              <span class="num" title={item.at}>
                {formatDuration(item.ageMs)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td colSpan={4} class="muted">
            Judged at <Instant at={evidence[0]?.at ?? 0} />. Ages are as of that moment.
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function Rule({ rule }: { readonly rule: RuleDto }): JSX.Element {
  const thresholds = Object.entries(rule.thresholdsMs);
  return (
    <div class="rule">
      <h3>
        Rule <code>{rule.name}</code>
      </h3>
      <p>{capital(rule.because)}</p>
      {thresholds.length > 0 && (
        <ul class="thresholds">
          {thresholds.map(([name, ms]) => (
            <li key={name}>
              {thresholdWords(name)} <span class="num">{formatDuration(ms)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
