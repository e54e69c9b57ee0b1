/**
 * Headers of every page and file of the console, deployed and embedded. `uploadOrigins` are where presigned uploads
 * and live events go besides the console’s own origin. Scripts and styles of other origins, and inline ones, do not run,
 * so that a hostile name in a table cannot become code.
 */
export function consoleHeaders(uploadOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy(uploadOrigins),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

/** https://www.w3.org/TR/CSP3/ */
export const contentSecurityPolicy = (uploadOrigins: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...uploadOrigins].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
  ].join('; ');
