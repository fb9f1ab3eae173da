/** What a fence agent says that it can do, and what our options lack or have too many of. Pure. */
import { nearestWord } from "@herdbeat/shared/nearest-word";
import { scanXml } from "@herdbeat/shared/xml-scanner";
import type { DeviceMetadata, DeviceOption } from "../../ports/fence-device.ts";

/** Every agent has fewer; more is no metadata. */
const NAMES_MAX = 500;

/** Null: it is no metadata of a fence agent. */
export function parseMetadata(xml: string): DeviceMetadata | null {
  let name = "";
  const options = new Map<string, DeviceOption>();
  const actions = new Set<string>();
  const start = xml.indexOf("<resource-agent");
  if (start < 0) return null;
  // Some agents print warnings before it.
  const isWhole = scanXml(xml.slice(start), {
    onOpen: (path, attributes) => {
      const own = attributes.get("name") ?? "";
      const at = path.join("/");
      if (at === "resource-agent") name = own;
      else if (at === "resource-agent/parameters/parameter" && options.size < NAMES_MAX)
        options.set(own, {
          // The former name of a required option is listed as required too.
          isRequired: attributes.get("required") === "1" && attributes.get("deprecated") !== "1",
          formerly: attributes.get("obsoletes") ?? null,
        });
      else if (at === "resource-agent/actions/action" && actions.size < NAMES_MAX) actions.add(own);
    },
    onText: () => undefined,
  });
  return isWhole && name !== "" && actions.size > 0 ? { name, options, actions } : null;
}

/** Options that the agent does not know are ignored by it: a typing error would be a dead device. */
export function optionProblems(
  metadata: DeviceMetadata,
  given: Iterable<string>,
): readonly string[] {
  const problems: string[] = [];
  const names = new Set(given);
  for (const name of names) {
    if (metadata.options.has(name)) continue;
    const near = nearestWord(name, [...metadata.options.keys()]);
    problems.push(
      `${metadata.name} has no option ${name}${near === undefined ? "" : `, did you mean ${near}?`}`,
    );
  }
  for (const [name, { isRequired, formerly }] of metadata.options) {
    if (!isRequired || name === "action" || names.has(name)) continue;
    if (formerly === null || !names.has(formerly))
      problems.push(`${metadata.name} needs the option ${name}`);
  }
  for (const action of ["off", "status"]) {
    if (!metadata.actions.has(action))
      problems.push(`${metadata.name} cannot do ${action}: it is no device for fencing`);
  }
  return problems;
}
