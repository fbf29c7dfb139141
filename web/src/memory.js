/**
 * A stand-in for localStorage that ends with the page. Queries and variables may hold patient ids,
 * so nothing of them may stay on a shared ward computer.
 */
export function createMemory() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}
