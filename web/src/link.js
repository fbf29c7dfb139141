/**
 * Takes the token out of a link such as `/graphiql#token=…` and removes it from the address bar,
 * so that it is not bookmarked, copied or shown on a shared screen. A fragment never reaches the
 * server, so it is not in any access log either. The browser's own history does keep the link it
 * was given: print such links for demo tokens only, never for those of a hospital.
 */
export function takeTokenFromLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return '';
  history.replaceState(null, '', location.pathname + location.search);
  return token.trim();
}
