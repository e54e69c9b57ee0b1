import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';

const text = (name: string): RestColumn => ({ name, type: 'string' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });
const list = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'list' });
const time = (name: string): RestColumn => ({ name, type: 'timestamptz' });

/** https://learn.microsoft.com/graph/api/resources/contact; `email` is the first of the addresses. */
export const contactColumns: readonly RestColumn[] = [
  text('id'),
  time('createdDateTime'),
  time('lastModifiedDateTime'),
  text('changeKey'),
  text('parentFolderId'),
  list('categories'),
  text('displayName'),
  text('title'),
  text('givenName'),
  text('middleName'),
  text('surname'),
  text('initials'),
  text('generation'),
  text('nickName'),
  text('fileAs'),
  text('yomiGivenName'),
  text('yomiSurname'),
  text('yomiCompanyName'),
  { name: 'email', type: 'string', from: 'emailAddresses.0.address' },
  list('emailAddresses'),
  nested('primaryEmailAddress'),
  nested('secondaryEmailAddress'),
  nested('tertiaryEmailAddress'),
  text('mobilePhone'),
  list('businessPhones'),
  list('homePhones'),
  list('imAddresses'),
  text('companyName'),
  text('department'),
  text('jobTitle'),
  text('profession'),
  text('officeLocation'),
  text('manager'),
  text('assistantName'),
  text('businessHomePage'),
  nested('businessAddress'),
  nested('homeAddress'),
  nested('otherAddress'),
  time('birthday'),
  text('spouseName'),
  list('children'),
  text('personalNotes'),
];
