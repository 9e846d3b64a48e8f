// Runs before the first paint, outside the bundle: theme and language must be right at once, and a
// browser that cannot show the page is told so in words instead of seeing a broken one.
(function () {
  var root = document.documentElement;
  function saved(name) {
    try {
      return localStorage.getItem('sm.' + name);
    } catch {
      return null; // storage is switched off: the defaults do
    }
  }

  var theme = saved('theme');
  root.dataset.theme = theme === 'light' || theme === 'dark' ? theme : 'system';

  var language = saved('language');
  if (language !== 'en' && language !== 'zh-CN') {
    language = 'en';
    var wanted = navigator.languages || [navigator.language || ''];
    for (var i = 0; i < wanted.length; i += 1) {
      if (/^zh\b/i.test(wanted[i])) language = 'zh-CN';
      if (/^(zh|en)\b/i.test(wanted[i])) break;
    }
  }
  root.lang = language;

  if (!(window.CSS && CSS.supports('color', 'light-dark(#000, #fff)') && 'DecompressionStream' in window)) {
    document.addEventListener('DOMContentLoaded', function () {
      document.getElementById('app').textContent =
        language === 'zh-CN'
          ? '此浏览器版本过旧。请使用 Chrome 或 Edge 123、Firefox 120、Safari 17.5 或更新的版本。'
          : 'This browser is too old for smonitor. It needs Chrome or Edge 123, Firefox 120, Safari 17.5, or newer.';
    });
  }
})();
