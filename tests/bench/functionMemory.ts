/**
 * The largest memory any invocation of a function used, in megabytes, as the embedded Lambda reports it in the
 * function's log since `since`.
 */
export async function functionMemory(
  awsEndpoint: string,
  functionName: string,
  since: Date,
): Promise<number> {
  const response = await fetch(awsEndpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      // Of a signature, the embedded services look at the access key only.
      authorization: 'AWS4-HMAC-SHA256 Credential=headgate/20260101/us-east-1/logs/aws4_request',
      'x-amz-target': 'Logs_20140328.FilterLogEvents',
    },
    body: JSON.stringify({
      logGroupName: `/aws/lambda/${functionName}`,
      startTime: since.getTime(),
    }),
  });
  const { events = [] } = (await response.json()) as { events?: { message: string }[] };
  const used = events.flatMap(({ message }) => {
    const megabytes = /Max Memory Used: (\d+) MB/.exec(message)?.[1];
    return megabytes === undefined ? [] : [Number(megabytes)];
  });
  if (used.length === 0) throw new Error(`${functionName} reported no memory`);
  return Math.max(...used);
}
