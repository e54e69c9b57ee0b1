import { createHash } from 'node:crypto';
import type { ApiResult } from './apiEvent.ts';
import { docsScript } from './docsScript.ts';

/** Route of the page that shows the OpenAPI document to people. It is no operation of the API, so it is in no table. */
export const docsRouteKey = 'GET /docs';

const style = `
:root { color-scheme: light dark; --line: #8884; --quiet: #777; --accent: #0b63ce }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: minmax(14rem, 20rem) 1fr; min-height: 100vh }
nav { border-right: 1px solid var(--line); padding: 1rem; height: 100vh; overflow: auto; position: sticky; top: 0 }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--quiet); margin: 1.2rem 0 .3rem }
nav a { display: block; padding: .15rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere }
nav a:hover, nav a[aria-current] { color: var(--accent); text-decoration: underline }
main { padding: 1.5rem 2rem; max-width: 60rem }
code, pre, textarea, input { font: 13px/1.45 ui-monospace, monospace }
pre, textarea { width: 100%; padding: .7rem; border: 1px solid var(--line); border-radius: 6px; overflow: auto; background: #8881; color: inherit }
textarea { min-height: 9rem; resize: vertical }
input { padding: .35rem .5rem; border: 1px solid var(--line); border-radius: 6px; width: 100%; background: transparent; color: inherit }
label { display: block; margin: .6rem 0 }
label small, .quiet { color: var(--quiet) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
button { font: inherit; padding: .4rem 1rem; border: 0; border-radius: 6px; background: var(--accent); color: #fff; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.method { font: 600 .75rem ui-monospace, monospace; margin-right: .5rem; color: var(--quiet) }
@media (max-width: 45rem) { body { display: block } nav { position: static; height: auto; max-height: 40vh; border: 0; border-bottom: 1px solid var(--line) } }
`;

const hash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Headgate API</title>
<style>${style}</style>
</head>
<body>
<nav aria-label="Operations"><h1>Headgate API</h1>
<label>Token <input id="token" type="password" autocomplete="off" placeholder="hg_…"><small>Stays in this page.</small></label>
<label>Find <input id="find" type="search"></label><div id="list"></div></nav>
<main id="main" tabindex="-1"><p class="quiet">Loading…</p></main>
<script>${docsScript}</script>
</body>
</html>
`;

/**
 * The page: everything is in it, and it may run nothing else and ask nobody but the API it comes from. What it shows is put in
 * as text, so that no description can be markup.
 */
export const docsPage: ApiResult = {
  statusCode: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'public, max-age=300',
    'content-security-policy': `default-src 'none'; connect-src 'self'; script-src ${hash(docsScript)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: html,
};
