/** The development issuer's form: who to be. It holds nothing of the request, which stays in the address. */
export const signInPage = (): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Development sign-in</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 4rem auto; padding: 0 1rem }
  label { display: block; margin: 1rem 0 } input, select, button { font: inherit; width: 100%; padding: .4rem; box-sizing: border-box }
</style>
<h1>Development sign-in</h1>
<p>On this machine you may be whoever you like.</p>
<form method="post">
  <label>Name <input name="name" value="developer" required autofocus></label>
  <label>Tenant <input name="tenant" value="default" required></label>
  <label>Role
    <select name="role"><option>admin<option>editor<option>viewer</select>
  </label>
  <button>Sign in</button>
</form>
</html>
`;
