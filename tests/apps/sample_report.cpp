// sample_report FILE: writes awkward_report() for a browser to open.
#include "tests/apps/sample_report.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  chainrule::apps::write_html_report(argv[1], chainrule::test::awkward_report());
}
