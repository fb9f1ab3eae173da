/** The generated messages and enums, loaded under the right settings. */
import "./protobuf-settings.ts";
import { herdbeat } from "../gen/herdbeat.js";

export const wire: typeof herdbeat.v1 = herdbeat.v1;
