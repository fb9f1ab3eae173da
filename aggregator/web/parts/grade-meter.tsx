/** How well a verdict is proven: five steps and the grade's name. */
import type { JSX } from "preact";
import { GRADE_MAX, gradeWords } from "../words/class-words.ts";

export function GradeMeter({ grade }: { readonly grade: number }): JSX.Element {
  const steps = Array.from({ length: GRADE_MAX }, (_, index) => index + 1);
  return (
    <span class="grade" title={gradeWords(grade).plain}>
      <span class="grade-steps" aria-hidden="true">
        {steps.map((step) => (
          <i key={step} class={step <= grade ? "on" : ""} />
        ))}
      </span>
      <span>
        <span class="visually-hidden">grade {grade} of 5: </span>
        {gradeWords(grade).name}
      </span>
    </span>
  );
}
