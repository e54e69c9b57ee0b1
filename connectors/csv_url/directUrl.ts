/**
 * The address that answers with the file itself, for addresses people copy from a browser: links of Google Drive,
 * Google Sheets, Dropbox and GitHub lead to a page about it. Any other address is answered as it is.
 */
export function directUrl(text: string): URL {
  const url = new URL(text);
  const { hostname, pathname } = url;
  const drive = /^\/file\/d\/([\w-]+)/.exec(pathname)?.[1];
  if (hostname === 'drive.google.com' && drive !== undefined)
    return new URL(`https://drive.google.com/uc?export=download&id=${drive}`);
  const sheet = /^\/spreadsheets\/d\/([\w-]{20,})\/(edit|view|htmlview)?/.exec(pathname)?.[1];
  if (hostname === 'docs.google.com' && sheet !== undefined && !pathname.includes('/export')) {
    const tab = /gid=(\d+)/.exec(`${url.search}${url.hash}`)?.[1] ?? '0';
    return new URL(`https://docs.google.com/spreadsheets/d/${sheet}/export?format=csv&gid=${tab}`);
  }
  if (hostname === 'www.dropbox.com' || hostname === 'dropbox.com') url.searchParams.set('dl', '1');
  const blob = /^\/([^/]+\/[^/]+)\/blob\/(.+)$/.exec(pathname);
  if (hostname === 'github.com' && blob !== null)
    return new URL(`https://raw.githubusercontent.com/${blob[1]}/${blob[2]}`);
  return url;
}
