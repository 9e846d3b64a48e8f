import '@testing-library/jest-dom/vitest';

// As index.html has it: addresses are relative to it, not to the page.
const base = document.createElement('base');
base.href = 'http://localhost/';
document.head.append(base);
