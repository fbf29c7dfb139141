/** What a visitor without a token sees: where to get one, and what went wrong with the last. */
export function Welcome({ problem, busy }) {
  return (
    <main className="welcome">
      <h2>{busy ? 'Checking the token…' : 'Enter an API token to start'}</h2>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <p>With the demo, open the GraphiQL link that this command prints; it carries a token:</p>
      <pre>./dev demo</pre>
      <p>On any other server, this command prints a token for a user:</p>
      <pre>clinigraph token create --user admin</pre>
      <p className="note">
        The token, your queries and their variables stay in the memory of this page and are gone when
        you close or reload it.
      </p>
    </main>
  );
}
