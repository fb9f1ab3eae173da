/**
 * Settings of the protobuf runtime. Must be evaluated before the generated code, which bakes them
 * into its defaults: only `protobuf-runtime.ts` imports both, in this order.
 *
 * Without `long`, 64-bit fields are plain numbers (`Long` objects triple the cost of decoding);
 * `wire-check.ts` refuses values above 2^53 - 1 before they could lose precision.
 */
import protobuf from "protobufjs/minimal.js";

protobuf.util.Long = null as unknown as typeof protobuf.util.Long;
protobuf.configure();
// Deeper than any message of ours is nested; wire-check.ts refuses unknown nesting before this does.
protobuf.Reader.recursionLimit = 8;
protobuf.Reader.discardUnknown = true;
