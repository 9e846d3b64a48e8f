export function tokensCss(tokens: { color: Record<string, string[]>; size: Record<string, string> }): string;
