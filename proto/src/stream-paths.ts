/** Where streams live on an aggregator's port; the paths' version changes only with the framing. */
export const AGENT_STREAM_PATH = "/agent/v1";
export const MESH_STREAM_PATH = "/mesh/v1";
