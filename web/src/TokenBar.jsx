import { useState } from 'react';

/** The line at the top: who is signed in, or a field for the token. */
export function TokenBar({ session, busy, onToken, onForget }) {
  return (
    <header className="bar">
      <h1>Clinigraph</h1>
      {session ? (
        <>
          <p role="status">
            {session.username ? <>Signed in as <strong>{session.username}</strong></> : 'Token in use'}
          </p>
          <button type="button" onClick={onForget}>
            Forget token
          </button>
        </>
      ) : (
        <TokenForm busy={busy} onToken={onToken} />
      )}
    </header>
  );
}

function TokenForm({ busy, onToken }) {
  const [text, setText] = useState('');
  const submit = (event) => {
    event.preventDefault();
    if (text.trim()) onToken(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor="token">API token</label>
      <input
        id="token"
        type="password"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        autoFocus
      />
      <button type="submit" disabled={busy || !text.trim()}>
        {busy ? 'Checking…' : 'Use token'}
      </button>
    </form>
  );
}
