// The closed list of reasons for which a test may be skipped.

/** `installable`: bootstrap.mjs can provide it, so a skip for it is a failure when CI is true. */
export const SKIP_REASONS = Object.freeze({
  "needs-root": { installable: false },
  "needs-netns": { installable: false },
  "needs-kvm": { installable: false },
  "needs-newer-node": { installable: false },
  "needs-redis": { installable: true },
  "needs-chromium": { installable: true },
  "needs-libvirt": { installable: true },
  "needs-nftables": { installable: true },
  "needs-services": { installable: true },
});

/** @typedef {keyof typeof SKIP_REASONS} SkipReason */

/**
 * @param {string} text
 * @returns {text is SkipReason}
 */
export function isSkipReason(text) {
  return Object.hasOwn(SKIP_REASONS, text);
}

/**
 * @param {string} text
 * @returns {boolean}
 */
export function isInstallable(text) {
  return isSkipReason(text) && SKIP_REASONS[text].installable;
}
