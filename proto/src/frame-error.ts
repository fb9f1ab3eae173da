/** The only error this package throws: bytes that are not a frame, or a frame that must not be sent. */
export class FrameError extends Error {
  readonly code = "HB_FRAME_INVALID";
  /** What was wrong, without any content of the frame. */
  readonly detail: string;

  constructor(detail: string, options?: ErrorOptions) {
    super(`frame is not valid: ${detail}`, options);
    this.name = "FrameError";
    this.detail = detail;
  }
}
