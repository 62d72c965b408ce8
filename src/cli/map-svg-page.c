/* SPDX-License-Identifier: MIT */
#include "cli/map-kinds.h"
#include "cli/map-svg.h"

/* A line of the legend. */
#define SAMPLE	     20
#define COUNTS	     52
#define BEFORE_LABEL 16

const char *page_protocol(int protocol)
{
	return protocol == PROTOCOL_TCP ? "TCP" : "UDP";
}

void page_range(FILE *output, struct port_range range)
{
	fprintf(output, range.first == range.last ? "%u" : "%u-%u", range.first, range.last);
}

static void colours_put(FILE *output, bool dark)
{
	int kind;

	fprintf(output, ".page{fill:%s}.text{fill:%s}.less{fill:%s}\n", dark ? "#0f1418" : "#fff",
		dark ? "#e4e9ee" : "#1b2127", dark ? "#9aa7b4" : "#57626d");
	for (kind = 0; kind < PORT_KINDS; kind++)
		fprintf(output, ".k%d{fill:%s}", kind,
			dark ? kind_looks[kind].dark : kind_looks[kind].light);
	fputc('\n', output);
}

/* What the picture says, for those who cannot see it. */
static void description_put(const struct page *page)
{
	const struct map *map = page->map;
	unsigned int counts[PORT_KINDS];
	int protocol, kind;

	fputs("<desc>", page->output);
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(map->protocols & PROTOCOL_BIT(protocol)))
			continue;
		ports_count(map->ports, (enum protocol)protocol, map->range, counts);
		fputs(page_protocol(protocol), page->output);
		for (kind = 0; kind < PORT_KINDS; kind++)
			fprintf(page->output, "%s %u %s", kind ? ";" : " ports:", counts[kind],
				kind_looks[kind].words);
		fputs(". ", page->output);
	}
	fputs("</desc>\n", page->output);
}

void page_head(const struct page *page)
{
	FILE *output = page->output;
	const char *what = page->map->protocols == 3   ? "TCP and UDP"
			   : page->map->protocols == 1 ? "TCP"
						       : "UDP";
	struct port_range range = page->grid.range;

	fprintf(output,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"%s ports ",
		page->width, page->height, page->width, page->height, what);
	page_range(output, range);
	fprintf(output, "\">\n<title>%s ports ", what);
	page_range(output, range);
	fputs("</title>\n", output);
	description_put(page);
	fputs("<style>\ntext{font-family:system-ui,sans-serif;font-size:12px}"
	      ".head{font-size:18px}.name{font-size:14px;font-weight:bold}.small{font-size:10px}"
	      ".end{text-anchor:end}\nrect{shape-rendering:crispEdges}"
	      ".cells rect:hover{stroke:#d01884;stroke-width:1px}\n",
	      output);
	colours_put(output, false);
	fputs("@media (prefers-color-scheme:dark){\n", output);
	colours_put(output, true);
	fputs("}\n</style>\n", output);
	fprintf(output,
		"<rect class=\"page\" x=\"0\" y=\"0\" width=\"%u\" height=\"%u\"/>\n"
		"<text class=\"text head\" x=\"%u\" y=\"34\">%s ports ",
		page->width, page->height, PAGE_MARGIN, what);
	page_range(output, range);
	fprintf(output, "</text>\n<text class=\"less\" x=\"%u\" y=\"54\">A row is %u ports",
		PAGE_MARGIN, grid_row(&page->grid));
	if (page->grid.cell > 1)
		fprintf(output, ", a cell the most telling of %u", page->grid.cell);
	fputs("</text>\n", output);
}

static void counts_put(const struct page *page, enum protocol protocol, unsigned int right)
{
	unsigned int counts[PORT_KINDS], kind;

	ports_count(page->map->ports, protocol, page->map->range, counts);
	fprintf(page->output, "<text class=\"less end\" x=\"%u\" y=\"%u\">%s</text>\n", right,
		page->legend - 8, page_protocol(protocol));
	for (kind = 0; kind < PORT_KINDS; kind++)
		fprintf(page->output, "<text class=\"text end\" x=\"%u\" y=\"%u\">%u</text>\n",
			right, page->legend + kind * PAGE_LINE + 11, counts[kind]);
}

void page_legend(const struct page *page)
{
	unsigned int right = PAGE_LEFT + SAMPLE, kind;
	char label[LABEL_SIZE];
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (page->map->protocols & PROTOCOL_BIT(protocol)) {
			right += COUNTS;
			counts_put(page, (enum protocol)protocol, right);
		}
	for (kind = 0; kind < PORT_KINDS; kind++) {
		unsigned int y = page->legend + kind * PAGE_LINE;

		kind_label((enum port_kind)kind, page->map->settings, label);
		fprintf(page->output,
			"<rect class=\"k%u\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"12\"/>\n"
			"<text class=\"text\" x=\"%u\" y=\"%u\">%s</text>\n",
			kind, PAGE_LEFT, y, SAMPLE, right + BEFORE_LABEL, y + 11, label);
	}
}
