/** Promises of the suite that moto breaks, and how. Each was held against the S3 API reference, which decided. */
const notSigned = 'moto verifies no signature, no time and no digest of a request';
const notVerified = 'moto stores a body whose checksum is wrong, or computes none of its own';
const noPolicy = 'moto stores form uploads without reading their policy';
const ownCors = 'moto’s server answers CORS by itself, not from the bucket’s configuration';

export const motoDifferences: Readonly<Record<string, string>> = {
  'a bucket name that breaks the rules is refused': 'moto takes upper-case names',
  'an operation that is not there answers NotImplemented, never success':
    'moto has ACLs and object lock; ours refuses them',
  'keys are bytes: no path, query or XML character changes one':
    'moto takes keys above 1,024 bytes',
  'a range that is no range is ignored': 'moto reads any unit as bytes',
  'many keys are deleted in one request, odd ones too': 'moto ignores Quiet',
  'attributes tell ETag and size': 'moto’s GetObjectAttributes lacks one of the three',
  'metadata beyond 2 KB is refused': 'moto has no limit',
  'reads are conditional on ETag and date': 'moto lets the date outweigh If-Match',
  'an ETag that matches outweighs a date that would not':
    'moto lets the date outweigh If-None-Match',
  'the source of a copy is conditional too': 'moto ignores the conditions',
  'a copy and a delete can be conditional on their target': 'moto ignores the conditions',
  'the older listing goes on by marker': 'moto loses common prefixes behind a marker',
  'a delete hides the object behind a marker; deleting the marker brings it back':
    'moto does not say that what was deleted was a marker',
  'a delete marker itself cannot be read': 'moto answers 404 where S3 answers 405',
  'a version id that was never given out is refused': 'moto answers 404 where S3 answers 400',
  'a client that deletes each page as it lists empties the bucket':
    'moto looks for the marker’s version, which is gone, and gives an empty page',
  'suspended versioning replaces only the null version': 'moto loses the null version',
  'a range may span parts, and a part can be read by its number': 'moto tells no PartsCount',
  'an upload that cannot be completed says why and stays': 'moto takes parts in any order',
  'nothing of an unfinished upload can be seen, and an aborted one is gone':
    'moto answers 500 to a part of an aborted upload',
  'uploads and parts are listed in pages': 'moto lists uploads in no order',
  'uploads are grouped by delimiter and go on behind a marker': 'moto has neither',
  'completing is conditional on what is there': 'moto ignores the conditions',
  'CRC32 is verified, kept and returned': notVerified,
  'CRC32C is verified, kept and returned': notVerified,
  'CRC64NVME is verified, kept and returned': notVerified,
  'SHA1 is verified, kept and returned': notVerified,
  'SHA256 is verified, kept and returned': notVerified,
  'Content-MD5 is verified': notVerified,
  'a composite checksum is that of the parts': notVerified,
  'a full-object CRC of a multipart upload is that of its bytes': notVerified,
  'an object put without a checksum gets a CRC64NVME': notVerified,
  'a request without a signature is refused': 'moto answers 403 without an error document',
  'a wrong secret or key id is refused': notSigned,
  'a request signed long ago is refused': notSigned,
  'a presigned URL is for one method, one key and one set of parameters': notSigned,
  'an expired presigned URL is refused and says so': notSigned,
  'headers that were not signed cannot be smuggled in': notSigned,
  'signed chunks are verified one by one, and their trailer': notSigned,
  'a signed body that was changed on the way is refused': notSigned,
  'a browser form stores its file under the signed key': 'moto answers without ETag and version',
  'success_action_status chooses the answer, 201 with a document': 'moto answers 201 without it',
  'a file above or below the signed size is refused and leaves nothing': noPolicy,
  'every condition of the policy must hold': noPolicy,
  'a field no condition covers is refused': noPolicy,
  'an expired policy is refused': noPolicy,
  'a tampered policy, signature or key id is refused': noPolicy,
  'a form without a file, a policy or a key is refused': noPolicy,
  'a preflight is answered from the rule that fits': ownCors,
  'a preflight no rule fits is refused': ownCors,
  'answers to a browser carry the headers of the rule, errors too': ownCors,
};
