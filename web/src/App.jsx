import { useCallback, useEffect, useMemo, useState } from 'react';
import { GraphiQL } from 'graphiql';
import { createMemory } from './memory.js';
import { exampleTabs } from './examples.js';
import { takeTokenFromLink } from './link.js';
import { follow, isSubscription } from './live.js';
import { ask, signIn } from './server.js';
import { TokenBar } from './TokenBar.jsx';
import { Welcome } from './Welcome.jsx';

// No plugins: the history plugin would list earlier queries with their variables.
const noPlugins = [];

export function App() {
  const [session, setSession] = useState(null);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const start = useCallback(async (token) => {
    setBusy(true);
    setProblem('');
    setSession(null);
    try {
      setSession(await signIn(token));
    } catch (error) {
      setProblem(error.message);
    }
    setBusy(false);
  }, []);

  useEffect(() => {
    const follow = () => {
      const token = takeTokenFromLink();
      if (token) start(token);
    };
    follow();
    // A second link opened in the same tab changes the fragment only and loads no new page.
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, [start]);

  return (
    <>
      <TokenBar session={session} busy={busy} onToken={start} onForget={() => setSession(null)} />
      {session ? <Explorer session={session} /> : <Welcome problem={problem} busy={busy} />}
    </>
  );
}

/** GraphiQL for one session: another token starts with a fresh schema, fresh tabs and no memory. */
function Explorer({ session }) {
  const fetcher = useMemo(
    () => (request, options) =>
      isSubscription(request, options?.documentAST)
        ? follow(session.token, request)
        : ask(session.token, request).then(({ answer }) => answer),
    [session],
  );
  const storage = useMemo(createMemory, [session]);
  const tabs = useMemo(() => exampleTabs(session.program), [session]);
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      plugins={noPlugins}
      defaultTabs={tabs}
      initialVariables={tabs[0].variables}
      defaultEditorToolsVisibility="variables"
      isHeadersEditorEnabled={false}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}
