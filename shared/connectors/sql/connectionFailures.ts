/** What an error of the network means, by the code Node gives it, for a person. */
export const networkFailures: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The host name is not known.',
  EAI_AGAIN: 'The host name could not be looked up.',
  ECONNREFUSED: 'Nothing listens on that port.',
  ECONNRESET: 'The connection was cut.',
  EPIPE: 'The connection was cut.',
  ETIMEDOUT: 'Nothing answered in time; a firewall may be in between.',
  EHOSTUNREACH: 'There is no route to the host.',
  ENETUNREACH: 'There is no route to the network.',
};

/**
 * What node:tls finds wrong with a certificate: its code, what OpenSSL says in its message, and what that means.
 * Drivers that replace the code leave the message.
 */
const certificateFailures: readonly (readonly [code: string, says: string, meaning: string])[] = [
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'signed by itself'],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    'self-signed certificate in certificate chain',
    'signed by an authority that is not trusted',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'unable to verify the first certificate',
    'signed by an authority that is not trusted',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    'unable to get issuer certificate',
    'signed by an authority that is not trusted',
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'unable to get local issuer certificate',
    'signed by an authority that is not trusted',
  ],
  [
    'CERT_SIGNATURE_FAILURE',
    'certificate signature failure',
    'signed by another authority than the one given',
  ],
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid', 'not yet valid'],
];

/** What is wrong with the server's certificate and what to do; null when the failure is of another kind. */
export function certificateProblem(error: Error, code: string, host: string): string | null {
  const found = certificateFailures.find(
    ([name, says]) => name === code || error.message.split(';')[0] === says,
  );
  if (found !== undefined)
    return `the server’s certificate is ${found[2]}. Give the authority’s certificate as "ca", or set the TLS mode to require to accept any.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || /^Hostname\/IP does not match/.test(error.message))
    return `the server’s certificate is not for ${host}. Use the name it was made for, or the TLS mode verify-ca.`;
  return null;
}
