// What the page on detection says of classes and situations is what the code does.
import { FAILURE_CLASSES, familyOf } from "@herdbeat/shared/classes";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { leastGrade, pageText, withTables } from "../tools/decision-tables.ts";

const test = suite("decision-tables");

test("the tables are those of the code; else run test/tools/decision-tables.ts --write", () => {
  const page = pageText();
  assert.is(withTables(page), page);
});

test("a page that has no place for a table is an error, not a page without it", () => {
  assert.throws(() => withTables("# A page"), /no place/);
});

test("what starts guests elsewhere needs proof that the host is off", () => {
  assert.is(leastGrade("host-down"), 3);
  assert.equal(
    FAILURE_CLASSES.filter((one) => familyOf(one) === "host" && (leastGrade(one) ?? 5) < 3),
    [],
  );
});

test.run();
