/** What recovery is asked to do, and the least proof of a host's end that it takes. Pure. */
import type { FailureClass, Grade } from "@herdbeat/shared/classes";
import type { RequestedAction } from "./incident.ts";

/** "self-fenced": the least proof on which a host's guests may be started elsewhere. */
export const HOST_GRADE_MIN: Grade = 3;

/** What recovery of each class would be asked to do. */
export function requestFor(failureClass: FailureClass): RequestedAction {
  switch (failureClass) {
    case "host-down":
    case "kernel-crash":
    case "kernel-hang":
      return "fence-and-resurrect";
    case "guest-crashed":
    case "guest-hung":
    case "guest-io-error":
      return "restart-guest";
    case "host-isolated":
    case "nic-down":
      return "migrate";
    case "service-down":
    case "service-hung":
    case "libvirt-down":
    case "libvirt-hung":
      return "restart-service";
    default:
      return "none";
  }
}
