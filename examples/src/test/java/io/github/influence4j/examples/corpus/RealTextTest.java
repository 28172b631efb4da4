package io.github.influence4j.examples.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.text.token.SubwordTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RealTextTest {

    @Test
    void versesAreThereInBothLanguages() {
        List<Verse> verses = RealText.verses();
        assertEquals(3701, verses.size());
        assertEquals(
                List.of("Mat", "Mark", "Luke", "John"),
                verses.stream().map(Verse::book).distinct().collect(Collectors.toList()));
        Verse wept = verses.stream()
                .filter(verse -> verse.reference().equals("John 11:35"))
                .findFirst()
                .orElseThrow();
        assertEquals("Jesus wept.", wept.english());
        assertEquals("Y lloró Jesús.", wept.spanish());
    }

    @Test
    void novelIsThere() {
        List<String> paragraphs = RealText.novel();
        assertEquals(471, paragraphs.size());
        assertTrue(paragraphs.stream().anyMatch(text -> text.startsWith("Sir Walter Elliot, of Kellynch Hall")));
    }

    @Test
    void brokenLinesAreNamed() {
        assertTrue(String.valueOf(assertThrows(IllegalStateException.class, () -> RealText.verse("Mat\t1\t2\tx"))
                        .getMessage())
                .contains("found 4"));
        assertThrows(IllegalStateException.class, () -> RealText.verse("Mat\tone\t2\tx\ty"));
    }

    @Test
    void smallVocabularyGivesTheTextBack() {
        List<String> texts = new ArrayList<>();
        RealText.verses().stream().limit(500).forEach(verse -> {
            texts.add(verse.english());
            texts.add(verse.spanish());
        });
        SubwordTokenizer tokenizer = SubwordTokenizer.ofCorpus(texts, 2000);
        assertEquals(2000, tokenizer.size());
        for (String text : texts) {
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
    }
}
