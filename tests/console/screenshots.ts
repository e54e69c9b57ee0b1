import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/**
 * Where pictures of the console go: `docs/images` with HEADGATE_SCREENSHOTS=1, so that a test run changes no file of
 * the repository, else a folder that is thrown away.
 */
const folder =
  process.env['HEADGATE_SCREENSHOTS'] === '1'
    ? join(import.meta.dirname, '../../docs/images')
    : join(tmpdir(), 'headgate-screenshots');

/** Keeps what the page shows as `console-<name>.png`, without the notifications of what the test just did. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.evaluate(
    `for (const button of document.querySelectorAll('.toast button[aria-label=Dismiss]')) button.click()`,
  );
  await page.screenshot({ path: join(folder, `console-${name}.png`), animations: 'disabled' });
}
