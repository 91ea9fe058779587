// Runs before the first paint, so that a chosen theme never flashes.
(function () {
  try {
    var theme = localStorage.getItem('lampboard.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is switched off: the system decides.
  }
})();
