"""Frequent given names, to recognize a column of persons under any name."""

NAMES = frozenset(
    """
    aaron abigail adam agnieszka ahmed ahmet aisha akira alan albert alejandro alessandra
    alessandro alex alexander alexandra ali alice alina amanda amelie amina amir amit amy ana
    ananya anders andrea andreas andrew andrzej angela angelika anil anita anja anna anne
    annette annika anthony antonio arjun arthur astrid aurélie aylin ayşe barbara beatrice ben
    benjamin benoît bernd bernhard bettina betty bianca birgit björn bjørn bob brandon brenda
    brett brian brittany bruce bruno camille carl carla carlos carmen carol caroline catherine
    chad charles charlotte cheryl chiara chioma chloe chris christian christina christine
    christopher claire clara claudia cornelia craig cristina cynthia cédric céline daniel
    daniela darnell david davide deborah deepak denise dennis derek detlef diana diego dieter
    dimitri dirk dmitri donald donna doris dorothy douglas dylan edith edward elena elif elisa
    elisabeth elizabeth elke ella emilia emily emine emma emre eric erik erika ernst esther
    ethan eva evelyn ewa fabian fatima fatma federica felix femke fernanda fernando florian
    frances francesca francesco francisco frank franz françois frederik friedrich gabriel
    gabriele george gerald gerd gerhard gianni giovanni gisela giulia giuseppe glenn gloria
    graça gregory greta grzegorz gudrun guido guillaume gustav gustavo günter hannah hans harald
    harold hassan heather heike heiner heinrich heinz helen helena helga helmut henri henrik
    henry herbert hermann hiroshi holger horst hugo hélène hüseyin ian ibrahim ilaria ilse ines
    ingrid inês irene isabel isabella ivan jack jacob jacqueline jakob jamal james jan jana
    janet janice jannik jared jason javier jayden jean jeffrey jennifer jens jeremy jessica joan
    joaquim jochen joe joel joerg johan johanna john jonas jonathan joost jordan jorge josef
    joseph joshua josé joyce joão juan judith judy julia julian julie juliette justin jörg
    jørgen jürgen kai karen karin karl katarina katarzyna katharina katherine kathleen kathrin
    keisha keith kelly kenji kenneth kerstin kevin kim kimberly kirsten klaus kofi kristin
    krzysztof kwame kyle lara larry lars latoya laura lauren lea lena leo leon leonardo liam
    lina linda lisa logan lorenzo louis louise luca lucas lucia ludwig luis luisa lukas lurdes
    maike maja malik manfred manuel marc marco marcus marek margaret maria marianne marie marina
    mario marion mark marko markus marlies marta martha martin martina mary mateo matteo matthew
    matthias maurice max maximilian małgorzata megan mehmet melanie melissa mette mia michael
    michał michelle miguel mike mila minh mohamed mohammed monica monika moritz muhammad murat
    mustafa nadia nancy natalia natalie neha nicholas nick nicolas nicole niklas nils nina noah
    nora norbert océane olaf oleg olga oliver olivia omar oscar otto pablo pamela paolo patricia
    patrick paul paula paweł pedro peter petra philip philipp philippe pierre pieter pietro
    piotr pooja priya rachel rafael rahul rainer rajesh ralf ralph ravi raymond rebecca regina
    renate ricardo richard rita robert roberto robin rodrigo roger roland rolf ronald rosa rose
    roy rudolf rui ruth ryan sabine sam samantha samuel sandra sanjay sanne santiago sara sarah
    scott sean sebastian sergei sergio sharon shirley siegfried sigrid silke silvia simon simone
    sofia sonja sophia sophie stefan stefanie stephan stephanie stephen steve steven sunita
    susan susanne sven svenja svetlana søren takashi tanja tatjana teresa terrence theo theodor
    theresa thiago thierry thomas thorsten tiago tiffany tim timothy tina tobias todd tom tomasz
    torsten travis tyler udo ulrich ulrike ursula ute uwe vanessa vera verena veronika victor
    victoria vijay viktor vincent virginia vladimir volker walter wei werner wilhelm willem
    william wolfgang yasmin yuki yusuf yvonne zachary zeynep zoe élodie özlem
    """.split()  # noqa: SIM905
)
