// Draws the charts of the overview when they come into view; the page is whole without them.
(() => {
  const script = document.currentScript;
  const places = [...document.querySelectorAll("[data-chart]")];
  const select = document.querySelector("select[name=month]");
  if (select) select.addEventListener("change", () => select.form.submit());
  if (!places.length) return;
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const library = document.createElement("script");
  library.type = "module";
  library.src = script.dataset.library;
  library.onload = () => {
    const draw = (place) => {
      const spec = specs[Number(place.dataset.chart)];
      // On a phone the legend stands in a column: a row of it would be cut off.
      if (window.innerWidth < 640) spec.config.legend.columns = 1;
      return window
        .vegaEmbed(place, spec, { actions: false, renderer: "svg", ast: true })
        .then(() => place.classList.add("drawn"))
        .catch((error) => console.error(error));
    };
    const seen = new IntersectionObserver(
      (entries) =>
        entries
          .filter((entry) => entry.isIntersecting)
          .forEach((entry) => {
            seen.unobserve(entry.target);
            draw(entry.target);
          }),
      { rootMargin: "600px" },
    );
    places.forEach((place) => seen.observe(place));
    // Paper has no scrolling: everything is drawn before it is printed.
    window.addEventListener("beforeprint", () => places.forEach(draw));
  };
  document.head.append(library);
})();
