package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.scores.ScoreFormat;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;

/** The values of an option as help and completion show them: in lower case, as users write them. */
abstract class Words implements Iterable<String> {

    private final Class<? extends Enum<?>> type;

    Words(Class<? extends Enum<?>> type) {
        this.type = type;
    }

    @Override
    public Iterator<String> iterator() {
        return Arrays.stream(type.getEnumConstants())
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .iterator();
    }

    static final class Formats extends Words {
        Formats() {
            super(ScoreFormat.class);
        }
    }

    static final class Strategies extends Words {
        Strategies() {
            super(Strategy.class);
        }
    }

    static final class Precisions extends Words {
        Precisions() {
            super(Precision.class);
        }
    }

    static final class Objectives extends Words {
        Objectives() {
            super(CaptureObjective.class);
        }
    }

    static final class Aggregates extends Words {
        Aggregates() {
            super(QueryAggregate.class);
        }
    }

    static final class BuiltSections extends Words {
        BuiltSections() {
            super(IndexSize.Section.class);
        }
    }

    static final class AskedSections extends Words {
        AskedSections() {
            super(IndexAsking.Section.class);
        }
    }

    static final class Forms extends Words {
        Forms() {
            super(ReportCommand.Form.class);
        }
    }

    static final class Refinements extends Words {
        Refinements() {
            super(Refining.Method.class);
        }
    }

    static final class Searches extends Words {
        Searches() {
            super(CandidatesCommand.Method.class);
        }
    }

    static final class Sources extends Words {
        Sources() {
            super(ImportCommand.Program.class);
        }
    }

    static final class Targets extends Words {
        Targets() {
            super(ExportCommand.Program.class);
        }
    }
}
