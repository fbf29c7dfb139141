// The page lies in <mount>/graphiql/, the API beside it, wherever a proxy puts the two.
const endpoint = new URL('../graphql', document.baseURI);

/** Sends one GraphQL request and returns the HTTP status with the JSON answer. */
export async function ask(token, request) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      Accept: 'application/graphql-response+json, application/json',
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify(request),
    credentials: 'omit',
    cache: 'no-store',
  });
  const text = await response.text();
  return { status: response.status, answer: parse(text, response.status) };
}

/** A proxy may answer with HTML; the reader then sees the status instead of a parser's complaint. */
function parse(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The server answered with status ${status} and no JSON.` }] };
  }
}

/**
 * Tries a token. Returns who it belongs to and the first program, which the example query starts
 * with; throws an error with a sentence for people when the token cannot be used.
 */
export async function signIn(token) {
  const query = 'query SignIn { me { username } programs { id } }';
  let result;
  try {
    result = await ask(token, { query });
  } catch {
    throw new Error('The server cannot be reached. Is it still running?');
  }
  const { status, answer } = result;
  if (isRefused(status, answer)) {
    throw new Error('The server does not accept this token. It may be mistyped, expired or revoked.');
  }
  if (status >= 500) {
    throw new Error(`The server answered with status ${status}. Please try again in a moment.`);
  }
  return {
    token,
    username: answer.data?.me?.username ?? '',
    program: answer.data?.programs?.[0]?.id ?? '',
  };
}

function isRefused(status, answer) {
  return (
    status === 401 ||
    status === 403 ||
    answer.data?.me === null ||
    answer.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED')
  );
}
