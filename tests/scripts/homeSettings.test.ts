import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { homeSettings } from '../../scripts/homeSettings.ts';

describe('settings from the environment', () => {
  it('have defaults', () => {
    expect(homeSettings({})).toEqual({
      home: resolve('.headgate'),
      port: 8787,
      awsPort: 8788,
      handleSignals: true,
    });
  });

  it('take ports, home and token', () => {
    expect(
      homeSettings({
        HEADGATE_PORT: '9000',
        HEADGATE_HOME: '/somewhere',
        HEADGATE_TOKEN: 'a-long-enough-token',
      }),
    ).toMatchObject({
      home: '/somewhere',
      port: 9000,
      awsPort: 9001,
      token: 'a-long-enough-token',
    });
    expect(homeSettings({ HEADGATE_PORT: '0' })).toMatchObject({ port: 0, awsPort: 0 });
  });

  it.each([
    [{ HEADGATE_PORT: 'http' }, /HEADGATE_PORT must be a port number, not http/],
    [{ HEADGATE_AWS_PORT: '70000' }, /HEADGATE_AWS_PORT/],
    [{ HEADGATE_TOKEN: 'two words' }, /HEADGATE_TOKEN/],
  ])('name the variable that is wrong: %o', (variables, message) => {
    expect(() => homeSettings(variables)).toThrow(message);
  });
});
