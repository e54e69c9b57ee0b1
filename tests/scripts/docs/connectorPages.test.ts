import { expect, it } from 'vitest';
import { connectors } from '../../../connectors/registry.ts';
import { connectorPages } from '../../../scripts/docs/connectorPages.ts';
import { testedAgainst } from '../../../scripts/docs/testedAgainst.ts';
import { outdatedPages } from '../../../scripts/generateDocs.ts';
import { fieldsOf } from '../../connectors/fieldsOf.ts';

it('finds the pages of the catalogue as `npm run generate` writes them', () => {
  expect(outdatedPages(), 'run `npm run generate` and commit the pages').toEqual([]);
});

it('has a page for each connector that names every field, and says what is secret', () => {
  const pages = connectorPages(connectors);
  expect(Object.keys(pages)).toHaveLength(connectors.length + 1);
  for (const { name, config, credentials } of connectors) {
    const page = pages[`docs/connectors/${name}.md`] ?? '';
    for (const schema of [config, credentials])
      for (const field of fieldsOf(schema)) {
        expect(page, `${name} ${field.name}`).toContain(`| \`${field.name}\` |`);
        if (field.secret) expect(page).toContain(`| \`${field.name}\` | secret |`);
      }
  }
});

it('claims for each connector only what its tests start', () => {
  for (const { name } of connectors) expect(testedAgainst(name), name).not.toEqual([]);
  expect(testedAgainst('postgres')).toEqual(['engine']);
  expect(testedAgainst('stripe_customers')).toEqual(['simulator']);
  expect(testedAgainst('csv_upload')).toEqual(['files']);
  expect(testedAgainst('nobody_ever_wrote_this')).toEqual([]);
});
