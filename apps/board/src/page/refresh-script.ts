/**
 * Runs in the browser, once a second while the tab is seen: fetches the blocks that the server renders and puts their
 * content in place. Markup comes escaped from the board itself and is parsed without running anything.
 */
export const refreshScript = `
const notice = document.getElementById("notice");
const parser = new DOMParser();

function place(markup) {
  for (const block of parser.parseFromString(markup, "text/html").querySelectorAll("[data-live]")) {
    const current = document.getElementById(block.id);
    if (current === null) return location.reload();
    if (current.innerHTML !== block.innerHTML) current.replaceChildren(...block.childNodes);
  }
}

async function refresh() {
  try {
    const response = await fetch("/pressure", { cache: "no-store" });
    if (response.ok) {
      place(await response.text());
      notice.hidden = true;
    } else {
      const answer = await response.json();
      show(answer.error.message);
    }
  } catch {
    show("The board does not answer. What stands below is old.");
  }
}

function show(text) {
  notice.textContent = text;
  notice.hidden = false;
}

async function loop() {
  if (!document.hidden) await refresh();
  setTimeout(loop, 1000);
}
setTimeout(loop, 1000);
`;
